@performance
Feature: Latency and throughput
  Clients read variables in their inner loops and watch them live. These are the minimum figures; the benchmarks
  measure more.

  @A2
  Rule: A read takes under 5 ms on average

    Example: 100 reads of a variable take under 5 ms on average
      Given a float variable "learning_rate" holding 0.1
      Then 100 reads of "learning_rate" take under 5 ms on average

  @W3
  Rule: A watch receives over 100 updates per second

    Example: A watch receives every one of 1,000 rapid updates
      Given a float variable "learning_rate" holding 0
      And Ada watches "learning_rate"
      Then 1000 rapid sets of "learning_rate" reach Ada at more than 100 per second
