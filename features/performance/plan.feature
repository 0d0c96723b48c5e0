@performance
Feature: Latency and throughput
  Clients read and set variables in their inner loops and watch them live. These are the minimum figures; the
  benchmarks measure more. Calls are made in up to ten rounds, and the fastest one counts: other load on the machine
  slows some of the rounds, a slow bridge all of them. The report has the average and the 95th percentile.

  @A2 @A2.1
  Rule: A read takes under 5 ms on average

    Example: 100 reads of a variable take under 5 ms on average
      Given a float variable "learning_rate" holding 0.1
      Then 100 reads of "learning_rate" take under 5 ms on average

  @A3 @A3.1
  Rule: A set takes under 5 ms on average

    Example: 100 sets of a variable take under 5 ms on average
      Given a float variable "learning_rate" holding 0.1
      Then 100 sets of "learning_rate" take under 5 ms on average

  @W3 @W3.1
  Rule: A watch receives over 100 updates per second

    Example: A watch receives every one of 1,000 rapid updates
      Given a float variable "learning_rate" holding 0
      And Ada watches "learning_rate"
      Then 1000 rapid sets of "learning_rate" reach Ada at more than 100 per second
