@performance
Feature: The figures of the plan
  A bridge that is correct and slow is of no use. These are the figures that were asked for at the start;
  the benchmarks ask for far more.

  @A2
  Rule: A read takes under 5 ms on average

    Example: 100 reads of one variable
      Given a float variable "learning_rate" holding 0.1
      When "learning_rate" is read 100 times after a warm-up
      Then a read takes under 5 ms on average

  @W3
  Rule: A watch gets over 100 updates a second

    Example: 1,000 rapid updates, every one received
      Given a float variable "learning_rate" holding 0
      And Ada watches "learning_rate"
      When "learning_rate" is set 1000 times as fast as possible
      Then Ada receives all 1000 updates, more than 100 per second
