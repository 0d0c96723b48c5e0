@variables
Feature: Concurrent clients
  Clients that work at the same time do not lose each other's changes.

  @A13 @A13.1
  Rule: No accepted change is lost, and each makes a version of its own

    Example: Ten clients set one variable at the same time
      Given a float variable "x" holding -1
      When 10 clients at once each set "x" 20 times
      Then all are accepted
      And the versions answered are 2 to 201, each once
      And "x" holds the value that was answered version 201

    Example: Ten clients set one variable while another client rolls it back
      Given a float variable "x" holding -1
      When 10 clients at once each set "x" 5 times, and another rolls it back to version 1 40 times
      Then all are accepted
      And the versions answered are 2 to 91, each once

    Example: Eight clients read and set one variable at the same time
      Given an integer variable "x" holding -1
      When 8 clients at once each read and set "x" 25 times
      Then all are accepted
      And one order of the calls explains every read and every write

    Example: One client sets a variable while another sets it in large batches
      Given 1000 integer variables "v" holding 0 and up
      When the 1000 variables "v" are set in 5 atomic batches while "v500" is set 200 times
      Then all are accepted
      And the versions answered are 2 to 206, each once

    Example: Ten clients register ten variables at the same time
      Given an open session
      When 10 clients at once each register a float variable of their own
      Then all are accepted
      And the variables "variable_" 0 to 9 hold 0 to 9

    Example: Of ten clients that register the same name, one succeeds
      Given an open session
      When 10 clients at once each register the variable "x"
      Then exactly one is accepted and the others are refused as already existing
      And "x" is at version 1

    Example: One client sets a variable while another sets it in small batches
      Given 2 integer variables "v" holding 0 and up
      When the 2 variables "v" are set in 200 atomic batches while "v1" is set 200 times
      Then all are accepted
      And the versions answered are 2 to 401, each once

    @A8 @A8.1
    Example: Four clients set the same variables in atomic batches at the same time
      Given 5 integer variables "v" holding 0 and up
      When 4 clients at once each set the 5 variables "v" in 50 atomic batches
      Then all are accepted
      And the 5 variables "v" hold equal numbers at version 201

  @S7 @S7.5
  Rule: A large call does not keep other clients waiting

    Example: Another client is answered while a thousand variables are set
      Given 1000 integer variables "v" holding 0 and up
      When Ada pings the bridge without a pause while the 1000 variables "v" are set in an atomic batch to 1 and up
      Then it is accepted
      And each of Ada's pings was answered in less than 5 s

    Example: Another client is answered while a text of 8 MiB is set
      Given a string variable "text" holding "short"
      When Ada pings the bridge without a pause while "text" is set in a message of 8388608 bytes
      Then it is accepted
      And each of Ada's pings was answered in less than 5 s

    Example: Another client is answered while a thousand names are compared with a pattern of many parts
      Given 1000 integer variables "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" holding 0 and up
      When Ada pings the bridge without a pause while the variables that match "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b" are listed
      Then no names are listed
      And each of Ada's pings was answered in less than 5 s

  @S3 @S3.1
  Rule: Sessions are isolated from each other

    Example: Ten clients use the same name in ten sessions at the same time
      Given an open session
      When 10 clients at once each use a session of their own
      Then all are accepted
      And each client read only its own values

  @A1 @A13 @A1.2
  Rule: A name belongs to one of those that register it simultaneously

    @A13.1
    Example: Of five simultaneous registrations of a name, one succeeds each time
      When 300 times, five simultaneous calls register one name
      Then each time, exactly one is accepted and the others are refused as already existing

  @D2 @D2.1
  Rule: A lock belongs to one of the optimizers that take it simultaneously

    Example: Of five optimizers that lock a variable simultaneously, one succeeds each time
      When 300 times, five simultaneous calls lock one variable
      Then each time, exactly one is accepted and the others are refused with FAILED_PRECONDITION

    @D2 @D2.1
    Example: No set is applied after a lock that came simultaneously
      Given an open session
      And Ada watches every variable
      When 200 times, five simultaneous calls set or lock one variable
      Then Ada has received no change of a locked variable

  @D3 @D3.4
  Rule: A lock is released once, however many release it simultaneously

    Example: Of five simultaneous releases of a variable, one succeeds each time
      When 200 times, five simultaneous calls release one variable
      Then each time, exactly one is accepted and the others are refused with FAILED_PRECONDITION

  @A2 @A10 @A13 @A2.3 @A10.1 @A13.1
  Rule: A variable is deleted once, however many delete it simultaneously

    Example: Of five simultaneous deletions of a variable, one succeeds each time
      When 200 times, five simultaneous calls delete one variable
      Then each time, exactly one is accepted and the others are refused as not found

    @A10 @A10.1
    Example: A variable that is deleted amid simultaneous sets does not exist afterwards
      When 200 times, five simultaneous calls set or delete one variable
      Then each time, the variable does not exist afterwards

  @D1 @D1.3
  Rule: No dependencies make a cycle, even if they are added simultaneously

    Example: Of five dependencies that would make a cycle, one is refused each time
      When 100 times, five simultaneous calls add the dependencies of one cycle
      Then each time, exactly one is refused with FAILED_PRECONDITION and the others are accepted
