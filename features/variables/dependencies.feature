@variables
Feature: Dependencies
  Some variables depend on others: a prompt was tuned for a model, a budget belongs to a limit. Watches of the
  dependent variable are notified when the other one changes.

  @D1 @D1.1
  Rule: Watches of a directly dependent variable are notified after the change itself

    @D1.2
    Example: A watch of all variables gets the change and then the dependency change
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches every variable
      When "model" is set to "mistral"
      Then Ada receives:
        | update            | variable | value     | version | metadata                                                                 |
        | value change      | model    | "mistral" | 2       |                                                                          |
        | dependency change | prompt   | "hello"   | 1       | {"cause": "model", "cause_version": "2", "dependency_type": "tuned for"} |
      And Ada receives nothing else

    @D1.2
    Example: A watch of the dependent variable gets the dependency change
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      When "model", by its id, is set to "mistral"
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | prompt   | 1       | {"cause": "model", "cause_version": "2"} |
      And the last update that Ada received names the id of "model" as its cause
      And Ada receives nothing else

    @D1.2
    Example: Each change causes its own dependency change, in order
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      And "model" was set to "mistral"
      And "model" was set to "o3"
      When "prompt" is set to "bye"
      Then Ada receives:
        | update            | variable | value   | version | metadata                                 |
        | dependency change | prompt   | "hello" | 1       | {"cause": "model", "cause_version": "2"} |
        | dependency change | prompt   | "hello" | 1       | {"cause": "model", "cause_version": "3"} |
        | value change      | prompt   | "bye"   | 2       |                                          |
      And Ada receives nothing else

    Example: A dependency change carries the complete state of the dependent variable
      Given a float variable "rate" holding 0.5
      And a tensor variable "weights" holding float32 array [0.5, 1.5]
      And "weights" was set to float32 array [2.5], with the metadata {"reason": "tuning", "source": "elixir"}
      And the state of "weights" was noted
      And a "scaled" dependency of "weights" on "rate" was added
      And Ada watches "weights"
      When "rate" is set to 0.6
      Then Ada receives:
        | update            | variable | value               | version | metadata                                                             |
        | dependency change | weights  | float32 array [2.5] | 2       | {"cause": "rate", "cause_version": "2", "dependency_type": "scaled"} |
      And Ada's last update has the state of "weights" as noted
      And Ada receives nothing else

    Example: The dependency changes of an atomic batch come after all of its changes
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
        | limit  | string | "low"   |
      And a "tuned for" dependency of "prompt" on "model" was added
      And a "tuned for" dependency of "prompt" on "limit" was added
      And Ada watches "model", "limit" and "prompt"
      When these are set in an atomic batch:
        | name  | value  |
        | model | "o3"   |
        | limit | "high" |
      Then the batch succeeds
      And Ada received the changes of "model" and "limit" before that of "prompt"

    @D1.2
    Example: A follower of two variables of an atomic batch is notified of each
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
        | limit  | string | "low"   |
      And a "tuned for" dependency of "prompt" on "model" was added
      And a "tuned for" dependency of "prompt" on "limit" was added
      And Ada watches "prompt"
      And these were set in an atomic batch:
        | name  | value  |
        | model | "o3"   |
        | limit | "high" |
      And Ada received 2 updates
      When "prompt" is set to "bye"
      Then Ada receives:
        | update       | variable | value | version |
        | value change | prompt   | "bye" | 2       |

    Scenario Outline: A change to the present value causes a dependency change: <change>
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      When <change>
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | prompt   | 1       | {"cause": "model", "cause_version": "2"} |
      And Ada receives nothing else

      Examples:
        | change                              |
        | "model" is set to "gpt-4"           |
        | "model" is rolled back to version 1 |

    @D1.2
    Example: A rollback by id names the changed variable as the cause
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And "model" was set to "mistral"
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      When "model", by its id, is rolled back to version 1
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | prompt   | 1       | {"cause": "model", "cause_version": "3"} |
      And the last update that Ada received names the id of "model" as its cause

    Example: A rollback causes a dependency change
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And "model" was set to "mistral"
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      When "model" is rolled back to version 1
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | prompt   | 1       | {"cause": "model", "cause_version": "3"} |
      And Ada receives nothing else

    Example: Only direct dependencies are notified
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
        | third  | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And a "scaled" dependency of "third" on "second" was added
      And Ada watches "third"
      When "first" is set to 2
      Then "first" holds 2.0 at version 2
      And Ada receives nothing else

    Example: A change of the dependent variable does not notify the variable that it depends on
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches "first"
      When "second" is set to 2
      Then "second" holds 2.0 at version 2
      And Ada receives nothing else

    Example: A refused change causes no dependency change
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches "second"
      When "first" is set to "text"
      Then it is refused as invalid, saying "must be a number"
      And "first" still holds 1.0 at version 1
      And Ada receives nothing else

  @D1 @D1.3
  Rule: An invalid dependency is refused and not recorded

    Scenario Outline: A dependency of <follower> on <followed> would close a cycle and is refused
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
        | c    | float | 1     |
      And a "scaled" dependency of "b" on "a" was added
      And a "scaled" dependency of "c" on "b" was added
      And Ada watches <follower>
      When a "follows" dependency of <follower> on <followed> is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And a change of <followed> sends Ada nothing

      Examples:
        | follower | followed |
        | "a"      | "b"      |
        | "a"      | "c"      |

    Example: A dependency that would close a cycle of eight variables is refused
      Given 8 integer variables "v" holding 0 and up
      And a "scaled" dependency of "v1" on "v0" was added
      And a "scaled" dependency of "v2" on "v1" was added
      And a "scaled" dependency of "v3" on "v2" was added
      And a "scaled" dependency of "v4" on "v3" was added
      And a "scaled" dependency of "v5" on "v4" was added
      And a "scaled" dependency of "v6" on "v5" was added
      And a "scaled" dependency of "v7" on "v6" was added
      And Ada watches "v0"
      When a "follows" dependency of "v0" on "v7" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And a change of "v7" sends Ada nothing

    Scenario Outline: A dependency that would close a cycle by the <side> of two followers is refused
      Given the variables:
        | name  | type  | value |
        | top   | float | 1     |
        | left  | float | 1     |
        | right | float | 1     |
        | end   | float | 1     |
      And a "scaled" dependency of "left" on "top" was added
      And a "scaled" dependency of "right" on "top" was added
      And a "scaled" dependency of "end" on "<side>" was added
      And Ada watches "top"
      When a "follows" dependency of "top" on "end" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And a change of "end" sends Ada nothing

      Examples:
        | side  |
        | left  |
        | right |

    Example: A variable cannot depend on itself
      Given a float variable "a" holding 1
      When a "follows" dependency of "a" on "a" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And "a" still holds 1.0 at version 1

    Scenario Outline: A dependency of <follower> on <followed>, one of which is missing, is refused
      Given a float variable "a" holding 1
      When a "follows" dependency of <follower> on <followed> is added
      Then it is refused as not found
      And "a" still holds 1.0 at version 1

      Examples:
        | follower | followed |
        | "a"      | "gone"   |
        | "gone"   | "a"      |

    Scenario Outline: A dependency that was refused does not hold once <missing> is registered
      Given a float variable "<present>" holding 1
      And a refused attempt, in which a "follows" dependency of "b" on "a" is added
      And a float variable "<missing>" holding 1
      And Ada watches "b"
      When "a" is set to 2
      Then "a" holds 2.0 at version 2
      And Ada receives nothing else

      Examples:
        | present | missing |
        | a       | b       |
        | b       | a       |

  @D1 @D1.4
  Rule: Deleting a variable removes its dependencies

    Example: A variable registered again after a delete has no dependencies
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And "first" was deleted
      And a float variable "first" holding 1
      And Ada watches "second"
      When "first" is set to 2
      Then "first" holds 2.0 at version 2
      And Ada receives nothing else

    Example: A deleted variable no longer closes a cycle
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | middle | float | 1     |
        | last   | float | 1     |
      And a "scaled" dependency of "middle" on "first" was added
      And a "scaled" dependency of "last" on "middle" was added
      And "middle" was deleted
      When a "follows" dependency of "first" on "last" is added
      Then it is accepted

    Example: A variable that follows another one follows nobody once it is deleted
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And "second" was deleted
      And Ada watches every variable
      When "first" is set to 2
      Then Ada receives:
        | update       | variable | value | version |
        | value change | first    | 2     | 2       |
      And Ada receives nothing else

    Example: A follower that is registered again after a delete follows nobody
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And "second" was deleted
      And a float variable "second" holding 1
      And Ada watches "first" and "second"
      When "first" is set to 2
      Then Ada receives:
        | update       | variable | value | version |
        | value change | first    | 2     | 2       |
      And Ada receives nothing else

    Example: A new variable can follow the one that followed its predecessor
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And "first" was deleted
      And a float variable "first" holding 1
      When a "follows" dependency of "first" on "second" is added
      Then it is accepted

    Example: The other followers of a variable stay when one is deleted
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
        | third  | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And a "copied" dependency of "third" on "first" was added
      And "second" was deleted
      And Ada watches "third"
      When "first" is set to 2
      Then Ada receives:
        | update            | variable | version | metadata                                        |
        | dependency change | third    | 1       | {"cause": "first", "dependency_type": "copied"} |
      And Ada receives nothing else

    Example: A follower of two variables goes on following one when the other is deleted
      Given the variables:
        | name   | type  | value |
        | left   | float | 1     |
        | right  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "left" was added
      And a "copied" dependency of "second" on "right" was added
      And "left" was deleted
      And Ada watches "second"
      When "right" is set to 2
      Then Ada receives:
        | update            | variable | version | metadata                                        |
        | dependency change | second   | 1       | {"cause": "right", "dependency_type": "copied"} |
      And Ada receives nothing else

    Example: A deletion leaves the dependencies of a variable in other sessions
      Given in session "blue", the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And in session "blue", a "scaled" dependency of "second" on "first" was added
      And a float variable "first" holding 1
      And "first" was deleted
      And in session "blue", Ada watches "second"
      When in session "blue", "first" is set to 2
      Then Ada receives:
        | update            | variable | version | metadata           |
        | dependency change | second   | 1       | {"cause": "first"} |

  @D1
  Rule: Dependencies are those of the variables, however they are named

    @D1.3
    Scenario Outline: A cycle is refused when <how>
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And a "scaled" dependency of "b" on "a" was added
      When a "follows" dependency of <follower> on <followed> is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And "a" still holds 1.0 at version 1

      Examples:
        | how                             | follower        | followed        |
        | both are named by their ids     | "a", by its id, | "b", by its id, |
        | the follower is named by its id | "a", by its id, | "b"             |
        | the followed is named by its id | "a"             | "b", by its id, |
        | one variable is named by its id | "a", by its id, | "a"             |
        | one variable has its id twice   | "a", by its id, | "a", by its id, |

    @D1.3
    Example: A dependency is answered although a hundred million ways lead through forty variables
      Given 40 integer variables "v" holding 0 and up
      And an integer variable "first" holding 0
      And each of the 40 variables "v" follows the two before it
      When a "follows" dependency of "v0" on "first" is added
      Then it is accepted

    @D1.3
    Example: A dependency that was added by ids is closed to a cycle by names
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And a "scaled" dependency of "b", by its id, on "a", by its id, was added
      When a "follows" dependency of "a" on "b" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And "b" still holds 1.0 at version 1

    @D1.3
    Example: Two ways from one variable to another are not a cycle
      Given the variables:
        | name  | type  | value |
        | top   | float | 1     |
        | left  | float | 1     |
        | right | float | 1     |
        | end   | float | 1     |
      And a "scaled" dependency of "left" on "top" was added
      And a "scaled" dependency of "right" on "top" was added
      And a "scaled" dependency of "end" on "left" was added
      When a "scaled" dependency of "end" on "right" is added
      Then it is accepted

    @D1.3
    Example: Dependencies of one session close no cycle in another
      Given in session "blue", the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And in session "blue", a "scaled" dependency of "b" on "a" was added
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      When a "scaled" dependency of "a" on "b" is added
      Then it is accepted

    @D1.1
    Example: A new dependency changes neither variable
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And the state of "second" was noted
      And Ada watches "first" and "second"
      When a "scaled" dependency of "second" on "first" is added
      Then the state of "second" is as noted
      And "first" still holds 1.0 at version 1
      And Ada receives nothing else

    @D1.3
    Example: A dependency that would close a cycle of a thousand variables is refused
      Given 1000 integer variables "v" holding 0 and up
      And each of the 1000 variables "v" follows the two before it
      When a "follows" dependency of "v0" on "v999" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"

  @D1 @A8 @D1.1
  Rule: A batch notifies the followers of its variables as sets do

    Example: A follower that is in the batch itself is notified with its new state
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      When these are set in an atomic batch:
        | name   | value |
        | model  | "o3"  |
        | prompt | "bye" |
      Then Ada receives:
        | update            | variable | value | version | metadata                                                                 |
        | value change      | prompt   | "bye" | 2       |                                                                          |
        | dependency change | prompt   | "bye" | 2       | {"cause": "model", "cause_version": "2", "dependency_type": "tuned for"} |
      And Ada receives nothing else

    @A8.2
    Example: A non-atomic batch notifies the followers of the variables that it sets
      Given the variables:
        | name   | type    | value |
        | fine   | integer | 1     |
        | strict | integer | 1     |
        | second | integer | 1     |
      And a "scaled" dependency of "second" on "fine" was added
      And a "copied" dependency of "second" on "strict" was added
      And Ada watches "second"
      When these are set in a non-atomic batch:
        | name   | value |
        | fine   | 2     |
        | strict | 0.5   |
      Then the batch fails for:
        | name   | because |
        | strict |         |
      And Ada receives:
        | update            | variable | version | metadata                                                             |
        | dependency change | second   | 1       | {"cause": "fine", "cause_version": "2", "dependency_type": "scaled"} |
      And Ada receives nothing else

    Scenario Outline: The followers of a variable that <a batch> names by its id are notified
      Given the variables:
        | name   | type    | value |
        | first  | integer | 1     |
        | second | integer | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches "second"
      When these are set in <a batch>:
        | name        | value |
        | id of first | 2     |
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | second   | 1       | {"cause": "first", "cause_version": "2"} |
      And the last update that Ada received names the id of "first" as its cause

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    @A8.1
    Example: An atomic batch that fails notifies nobody
      Given the variables:
        | name   | type    | value |
        | fine   | integer | 1     |
        | strict | integer | 1     |
        | second | integer | 1     |
      And a "scaled" dependency of "second" on "fine" was added
      And Ada watches "second"
      When these are set in an atomic batch:
        | name   | value |
        | fine   | 2     |
        | strict | 0.5   |
      Then the batch fails for:
        | name   | because |
        | strict |         |
      And "fine" still holds 1 at version 1
      And Ada receives nothing else

  @D1 @D1.1
  Rule: Every follower of a variable is notified of changes by all clients, tools and optimizers

    Example: A hundred and twenty followers are notified of one change
      Given an integer variable "x" holding 1
      And 120 integer variables "v" holding 0 and up
      And the 120 variables "v" follow "x"
      And Ada watches every variable
      When "x" is set to 2
      Then Ada receives:
        | update       | variable | value | version |
        | value change | x        | 2     | 2       |
      And Ada receives the update dependency change for each of the 120 variables "v", holding 0 and up
      And Ada receives nothing else

    @requires_standard_tools @X5
    Example: A change by a tool notifies the followers
      Given an integer variable "count" holding 1
      And a string variable "prompt" holding "hello"
      And a "tuned for" dependency of "prompt" on "count" was added
      And Ada watches "prompt"
      When the tool "increment" runs with {"name": "count"}
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | prompt   | 1       | {"cause": "count", "cause_version": "2"} |
      And Ada receives nothing else

    @D2
    Example: A change by an optimizer notifies the followers
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And the optimizer "mipro" locked "first"
      And a refused attempt, in which "first" is set to 2
      And Ada watches "second"
      When "first" is set to 3, for the optimizer "mipro"
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | second   | 1       | {"cause": "first", "cause_version": "2"} |
      And Ada receives nothing else

    @D2
    Example: A locked follower is notified
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And the optimizer "mipro" locked "second"
      And the state of "second" was noted
      And Ada watches "second"
      When "first" is set to 2
      Then Ada receives:
        | update            | variable | version | metadata           |
        | dependency change | second   | 1       | {"cause": "first"} |
      And Ada's last update has the state of "second" as noted
      And the state of "second" is as noted

    @D2 @D2.1
    Example: A locked variable can get a dependency, and a follower
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
        | third  | float | 1     |
      And the optimizer "mipro" locked "second"
      And a "scaled" dependency of "second" on "first" was added
      When a "scaled" dependency of "third" on "second" is added
      Then it is accepted
      And "second" is locked by the optimizer "mipro"

    @D1.2
    Example: A follower of two variables is notified of each by its name, its id and its dependency
      Given the variables:
        | name   | type  | value |
        | left   | float | 1     |
        | right  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "left" was added
      And a "Tuned für 🚀" dependency of "second" on "right" was added
      And Ada watches "second"
      And "left" was set to 2
      When "right" is set to 3
      Then Ada receives:
        | update            | variable | version | metadata                                                                    |
        | dependency change | second   | 1       | {"cause": "left", "cause_version": "2", "dependency_type": "scaled"}        |
        | dependency change | second   | 1       | {"cause": "right", "cause_version": "2", "dependency_type": "Tuned für 🚀"} |
      And the last update that Ada received names the id of "right" as its cause

    Example: Neither a registration, a lock nor a deletion is a change that notifies followers
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches "second"
      And the optimizer "mipro" locked "first"
      And the optimizer "mipro" released "first" by force
      When "first" is deleted
      Then there is no variable "first"
      And Ada receives nothing else
