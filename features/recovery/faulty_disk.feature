@recovery @requires_process @requires_durable
Feature: Disks that fail
  A disk may fail once or permanently, and a bridge may end then. What it has acknowledged is there again as soon
  as the disk is well, and a refusal says that nothing was changed only if that is certain.

  @P6 @P6.5 @requires_faulty_disk
  Rule: No acknowledged change is lost on a disk that fails, and no call hangs

    Scenario Outline: No acknowledged change is lost while <calls> of the disk fails
      Given a bridge with a data directory on a disk that can fail
      And a float variable "x" holding 0
      And "x" was set 3 times while <calls> of the disk failed
      When the bridge is killed and restarted
      Then "x" holds the last number that was acknowledged, or one of which that is not known

      Examples:
        | calls       |
        | every write |
        | every read  |
        | every call  |

    Example: A bridge takes changes again after a disk has failed
      Given a bridge with a data directory on a disk that can fail
      And a float variable "x" holding 0
      And "x" was set 3 times while every call of the disk failed
      And the bridge was killed and restarted
      When "x" is set to 9
      Then it is accepted

  @P6 @P6.6 @requires_faulty_disk
  Rule: If it is not known whether a change is saved, its refusal does not say otherwise

    Example: A set that may be saved is not refused as if nothing was changed
      Given a bridge with a data directory on a disk that can fail
      And a float variable "x" holding 0
      And "x" was set 1 time while every sync of the disk failed
      When the bridge is killed and restarted
      Then "x" holds the last number that was acknowledged, or one of which that is not known
