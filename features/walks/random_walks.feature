@walks @requires_current_service @requires_current_fields
Feature: Where clauses meet
  Every other scenario asks for one promise at a time. Here three clients call the bridge in a random order, with names
  and values that often cause trouble, and every answer, history and update is compared with a model of the contract.
  The order is random but repeatable. A walk that goes wrong is shortened, and printed as a scenario.

  @V1 @V2 @V4 @T @K1 @K2 @K3 @K4 @K5 @S7 @A1 @A2 @A3 @A4 @A5 @A6 @A7 @A8 @A9 @A10 @A11 @A12 @A14
  Rule: Whatever three clients do with variables, in whatever order, the bridge answers as the contract says

    Scenario Outline: Three clients use <subject> in a random order
      When three clients take random walks about <subject>
      Then every answer and every update is as the contract says

      Examples:
        | subject   |
        | variables |
        | batches   |

  @S1 @S2 @S3 @S4 @S6 @X1 @X5 @X7 @W1 @W2 @W3 @W4 @W5 @W6 @W7 @D1 @D2 @D3
  Rule: Whatever happens in sessions, in whatever order, watches and answers are as the contract says

    Scenario Outline: Three clients work with <subject> in a random order
      When three clients take random walks about <subject>
      Then every answer and every update is as the contract says

      Examples:
        | subject                  |
        | watches                |
        | locks and dependencies |
        | sessions and tools     |

  @S5 @S6
  Rule: Whatever three clients have done in a session, it ends without calls, and begins again empty

    Example: Three clients go on after sessions have ended for lack of calls
      When three clients take random walks about expiry
      Then every answer and every update is as the contract says

  @requires_durable @P6
  Rule: Whatever three clients have done, a bridge with a data directory goes on with it after a crash

    Example: Three clients go on after the bridge was killed
      Given a bridge with a data directory
      When three clients take random walks about restarts
      Then every answer and every update is as the contract says
