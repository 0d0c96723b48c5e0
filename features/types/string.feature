@types
Feature: String variables
  A string holds any text: prompts, names, templates, in any script.

  @T @T.1
  Rule: Every text round-trips

    Scenario Outline: The text <value> round-trips
      When "prompt" is registered as a string holding <value>
      Then "prompt" holds <value> at version 1

      Examples:
        | value                        |
        | "You are a helpful teacher." |
        | ""                           |
        | "naïve café — 東京"          |
        | "🚀 👩‍👩‍👧 ✓"                |
        | "line one\nline two\ttab"    |
        | "a \"quoted\" word \\ slash" |
        | "\u0000\u001f"               |
        | "null"                       |

    Example: A text of a million characters round-trips
      Given a string variable "prompt" holding "short"
      When "prompt" is set to a text of 1000000 characters
      Then it is accepted
      And "prompt" holds a text of 1000000 characters at version 2

  @T @T.3 @T.6
  Rule: Only texts are strings

    Scenario Outline: A string variable refuses <value>
      Given a string variable "prompt" holding "hello"
      When "prompt" is set to <value>
      Then it is refused as invalid, saying "must be a string"
      And "prompt" still holds "hello" at version 1

      Examples:
        | value      |
        | null       |
        | 42         |
        | true       |
        | ["hello"]  |
        | [104, 105] |
        | {}         |

    Example: A string variable cannot be registered with null
      When "prompt" is registered as a string holding null
      Then it is refused as invalid, saying "must be a string"
      And there is no variable "prompt"

  @T
  Rule: A text is stored to the last character

    @T.3
    Scenario Outline: The unusual text <value> round-trips, also after a set
      Given a string variable "prompt" holding <value>
      And "prompt" was set to "other"
      When "prompt" is set to <value>
      Then "prompt" holds <value> at version 3

      Examples: line ends, blanks and byte order marks
        | value                        |
        | "a\r\nb\rc\n"                |
        | "\n"                         |
        | "  two blanks  "             |
        | "\t"                         |
        | "\u00a0\u3000"               |
        | "\ufeffbegins"               |
        | "ends\ufeff"                 |
        | "\u2028\u2029"               |
        | "\u200b\u00ad"               |
        | a text of 100 characters "[" |
        | a text of 100 characters "{" |

      Examples: control characters
        | value                |
        | "\u0080\u0085\u009f" |
        | "\u007f"             |
        | "\u001b[31m"         |
        | "\u0000"             |
        | "a\u0000b"           |

      Examples: composed and decomposed forms, and characters beyond 16 bits
        | value          |
        | "é"            |
        | "e\u0301"      |
        | "\u212b"       |
        | "ﬁ²"           |
        | "\ud83d\ude80" |
        | "\udbff\udfff" |
        | "\uffff\ufdd0" |
        | "İıß"          |

      Examples: texts that look like something else
        | value          |
        | "NaN"          |
        | "\"quoted\""   |
        | "{\"a\": 1}"   |
        | "\\u0041"      |
        | "<b>&amp;</b>" |
        | "%s %d {0}"    |

    @T.3
    Scenario Outline: The text <value> may be written with escapes or without
      Given a string variable "prompt" holding "hello"
      When "prompt" is set to the text `<text>`
      Then "prompt" holds <value> at version 2

      Examples:
        | text           | value  |
        | "\u00e9"       | "é"    |
        | "\ud83d\ude80" | "🚀"   |
        | "\u0041\/B"    | "A/B"  |
        | "\u005c"       | "\\"   |
        | "\b\f"         | "\b\f" |
