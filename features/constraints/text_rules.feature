@constraints
Feature: Rules for text
  Lengths, patterns and lists keep names, keys and identifiers in shape.

  @T @K4
  Rule: A text keeps to its lengths, counted in characters

    Scenario Outline: <value> is long enough and short enough
      Given a string variable "code" holding "abc" with:
        | min_length | max_length |
        | 2          | 4          |
      When "code" is set to <value>
      Then "code" holds <value> at version 2

      Examples:
        | value  |
        | "ab"   |
        | "abcd" |
        | "東京都庁" |
        | "🚀🚀"   |

    Scenario Outline: <value> is of the wrong length
      Given a string variable "code" holding "abc" with:
        | min_length | max_length |
        | 2          | 4          |
      When "code" is set to <value>
      Then it is refused as invalid, saying "<because>"
      And "code" still holds "abc" at version 1

      Examples:
        | value   | because                       |
        | "a"     | must be at least 2 characters |
        | ""      | must be at least 2 characters |
        | "🚀"     | must be at least 2 characters |
        | "abcde" | must be at most 4 characters  |
        | "東京都庁前" | must be at most 4 characters  |

  @T @K2
  Rule: A text holds what its pattern looks for

    Scenario Outline: <value> matches
      Given a string variable "version" holding "v1.0" with:
        | pattern                   |
        | "^v[0-9]+\\.[0-9]+$"      |
      When "version" is set to <value>
      Then "version" holds <value> at version 2

      Examples:
        | value     |
        | "v2.14"   |
        | "v10.0"   |

    Scenario Outline: <value> does not match
      Given a string variable "version" holding "v1.0" with:
        | pattern                   |
        | "^v[0-9]+\\.[0-9]+$"      |
      When "version" is set to <value>
      Then it is refused as invalid, saying "must match pattern"
      And "version" still holds "v1.0" at version 1

      Examples:
        | value     |
        | "2.14"    |
        | "v2"      |
        | "v2.14-a" |
        | ""        |

    Example: A pattern without anchors is found anywhere
      Given a string variable "note" holding "a cat" with:
        | pattern |
        | "cat"   |
      When "note" is set to "concatenate"
      Then "note" holds "concatenate" at version 2

    Scenario Outline: A pattern that RE2 does not know: <pattern>
      When "note" is registered as a string holding "aa", under the constraints {"pattern": <pattern>}
      Then it is refused as invalid, saying "Invalid constraints"
      And there is no variable "note"

      Examples:
        | pattern       |
        | "(a)\\1"      |
        | "(?=a)a"      |
        | "(unclosed"   |
        | "[z-a]"       |

    Example: A pattern that would take others years
      Given a string variable "note" holding "a" with:
        | pattern     |
        | "^(a+)+$" |
      When "note" is set to "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"
      Then it is refused as invalid, saying "must match pattern"
      And "note" still holds "a" at version 1

  @T
  Rule: A text is one of its list

    Example: A member of the list
      Given a string variable "level" holding "low" with:
        | enum            |
        | ["low", "high"] |
      When "level" is set to "high"
      Then "level" holds "high" at version 2

    Example: No member of the list
      Given a string variable "level" holding "low" with:
        | enum            |
        | ["low", "high"] |
      When "level" is set to "LOW"
      Then it is refused as invalid, saying "must be one of"
      And "level" still holds "low" at version 1

  @K4
  Rule: All that is wrong is said, not only the first

    Example: Too short and of the wrong form
      Given a string variable "code" holding "AB12" with:
        | min_length | pattern      |
        | 3          | "^[A-Z0-9]+$" |
      When "code" is set to "a"
      Then it is refused as invalid, saying "must be at least 3 characters"
      And the refusal also says "must match pattern"
      And "code" still holds "AB12" at version 1
