@distributed @requires_process @requires_etcd
Feature: Watches across bridges
  A watch at one bridge receives the changes that are made at any bridge: each once, in the same order as all
  other watches.

  @W1 @W3
  Rule: A change at one bridge reaches watches at all bridges

    @W3.1
    Scenario Outline: A watch at <here> receives changes that are made at <there>
      Given a cluster of the bridges North and South
      And a float variable "learning_rate" holding 0.1
      And at <here>, Ada watches "learning_rate"
      And at <there>, "learning_rate" was set to 0.05
      When at <there>, "learning_rate" is set to 0.01
      Then Ada receives:
        | update       | variable      | value | previous | version |
        | value change | learning_rate | 0.05  | 0.1      | 2       |
        | value change | learning_rate | 0.01  | 0.05     | 3       |
      And Ada receives nothing else

      Examples:
        | here  | there |
        | North | South |
        | South | North |
        | South | South |

    @W1.1
    Example: Watches that open while clients write at two bridges miss no version
      Given a cluster of the bridges North and South, with clients that fail over
      And the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      When 20 watches of "x" and "y" start while 4 clients set them without a pause
      Then each watch receives its initial values and every later version

  @W2 @W2.1 @W2.2
  Rule: A watch can start with the current values at every bridge

    Example: A watch at one bridge starts with the value that was set at another
      Given a cluster of the bridges North and South
      And a float variable "temperature" holding 0.7
      And "temperature" was set to 0.8
      And at South, Ada watches "temperature", with initial values
      When "temperature" is set to 0.9
      Then Ada receives:
        | update        | variable    | value | version | metadata            |
        | initial value | temperature | 0.8   | 2       | {"initial": "true"} |
        | value change  | temperature | 0.9   | 3       |                     |

  @W4 @W4.1
  Rule: Watches at different bridges receive updates in one order, with the same sequences

    Example: Two watches receive the sets of clients at two bridges in the same order
      Given a cluster of the bridges North and South, with clients that fail over
      And the variables:
        | name | type    | value |
        | a    | integer | 0     |
        | b    | integer | 0     |
      And Ada and Ben each watch "a" and "b"
      When 2 clients at once set "a" and "b" 50 times each
      Then Ada and Ben receive 100 updates in the same order, with the same sequences

  @W5 @W5.1 @W5.3
  Rule: Registrations and deletions reach watches at every bridge

    Example: A watch of every variable receives registrations and deletions from two bridges
      Given a cluster of the bridges North and South
      And a float variable "old" holding 1
      And at South, Ada watches every variable
      And a float variable "new" holding 2
      And at South, "new" was set to 3
      And "new" was deleted
      When "old" is set to 4
      Then Ada receives:
        | update       | variable | value | version |
        | registered   | new      | 2     | 1       |
        | value change | new      | 3     | 2       |
        | deleted      | new      | 3     | 2       |
        | value change | old      | 4     | 2       |
      And Ada receives nothing else

  @W6 @W6.1
  Rule: A watch of a variable that does not exist is refused at every bridge

    Example: A watch of an unknown variable at another bridge ends as not found
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.5
      When at South, Ada watches "x" and "nothing_here"
      Then Ada's watch ends as not found, saying "nothing_here"

  @W7 @W7.1
  Rule: A watch resumes at another bridge after its last update

    Example: A watch that was disconnected from one bridge resumes at another
      Given a cluster of the bridges North and South
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada disconnected
      And "x" was set to 3
      And Ada connected to South
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 3       |
      And Ada receives nothing else

  @W9 @W9.1 @W9.2
  Rule: A watch at another bridge leaves no resources behind

    Scenario Outline: The slot of a watcher at another bridge who <leaves> is free again
      Given a cluster of the bridges North and South, with the flags "--max-watches 2"
      And a float variable "x" holding 0.1
      And Ada watches "x"
      And at South, Ben watches "x"
      When Ben <leaves>
      Then Cy can watch "x" within 2 s
      And Ada receives nothing else

      Examples:
        | leaves         |
        | stops watching |
        | disconnects    |
