@constraints
Feature: Text constraints
  Lengths, patterns and lists of allowed values keep names, keys and identifiers well-formed.

  @T @K4 @T.5 @K4.2
  Rule: The length of a text is limited, in characters

    Scenario Outline: The text <value> is within the limits of length
      Given a string variable "code" holding "abc" with:
        | min_length | max_length |
        | 2          | 4          |
      When "code" is set to <value>
      Then "code" holds <value> at version 2

      Examples:
        | value      |
        | "ab"       |
        | "abcd"     |
        | "東京都庁" |
        | "🚀🚀"     |

    Scenario Outline: The text <value> is refused for its length
      Given a string variable "code" holding "abc" with:
        | min_length | max_length |
        | 2          | 4          |
      When "code" is set to <value>
      Then it is refused as invalid, saying "<because>"
      And "code" still holds "abc" at version 1

      Examples:
        | value        | because                       |
        | "a"          | must be at least 2 characters |
        | ""           | must be at least 2 characters |
        | "🚀"         | must be at least 2 characters |
        | "abcde"      | must be at most 4 characters  |
        | "東京都庁前" | must be at most 4 characters  |

    Example: The refusal of a text names a limit of more than a thousand characters in digits
      Given a string variable "code" holding "abc" with:
        | max_length |
        | 1500       |
      When "code" is set to a text of 2000 characters
      Then it is refused as invalid, saying "must be at most 1500 characters"
      And "code" still holds "abc" at version 1

    Example: A text that may have no characters at all is refused with one
      Given a string variable "code" holding "" with:
        | max_length |
        | 0          |
      When "code" is set to "a"
      Then it is refused as invalid, saying "must be at most 0 characters"
      And "code" still holds "" at version 1

    Example: A limit of length may be beyond 32 bits
      Given a string variable "code" holding "abc" with:
        | max_length |
        | 4294967296 |
      When "code" is set to "abcd"
      Then "code" holds "abcd" at version 2

  @T @K2
  Rule: A text must match its pattern

    @T.5 @K2.1
    Scenario Outline: The text <value> matches the pattern of versions
      Given a string variable "version" holding "v1.0" with:
        | pattern              |
        | "^v[0-9]+\\.[0-9]+$" |
      When "version" is set to <value>
      Then "version" holds <value> at version 2

      Examples:
        | value   |
        | "v2.14" |
        | "v10.0" |

    @T.5 @K2.1
    Scenario Outline: The text <value> does not match the pattern of versions
      Given a string variable "version" holding "v1.0" with:
        | pattern              |
        | "^v[0-9]+\\.[0-9]+$" |
      When "version" is set to <value>
      Then it is refused as invalid, saying "must match pattern"
      And "version" still holds "v1.0" at version 1

      Examples:
        | value     |
        | "2.14"    |
        | "v2"      |
        | "v2.14-a" |
        | ""        |

    @K2.1
    Example: A pattern without anchors matches anywhere in a text
      Given a string variable "note" holding "a cat" with:
        | pattern |
        | "cat"   |
      When "note" is set to "concatenate"
      Then "note" holds "concatenate" at version 2

    @K2.1
    Example: A text matches a pattern with nested repetition by its other alternative
      Given a string variable "note" holding "b" with:
        | pattern       |
        | "^(a+)+$\|b$" |
      When "note" is set to "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"
      Then "note" holds "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" at version 2

    @T.5 @K2.1
    Example: A long text is matched with a repetition of alternatives
      Given a string variable "note" holding "x" with:
        | pattern       |
        | "^(?:x\|y)*$" |
      When "note" is set to a text of 100000 characters
      Then "note" holds a text of 100000 characters at version 2

    @K2.1
    Example: All characters of a long text are matched with its pattern
      Given a string variable "note" holding a text of 1000 characters with:
        | pattern     |
        | "^x{1000}$" |
      When "note" is set to a text of 2000 characters
      Then it is refused as invalid, saying "must match pattern"
      And "note" still holds a text of 1000 characters at version 1

    @K2.2
    Scenario Outline: The pattern <pattern>, which RE2 cannot compile, is refused
      When "note" is registered as a string holding "aa", under the constraints {"pattern": <pattern>}
      Then it is refused as invalid, saying "Invalid constraints"
      And there is no variable "note"

      Examples:
        | pattern     |
        | "(a)\\1"    |
        | "(?=a)a"    |
        | "(unclosed" |
        | "[z-a]"     |

    @T.5 @K2.1
    Example: A pattern with nested repetition is matched in linear time
      Given a string variable "note" holding "a" with:
        | pattern   |
        | "^(a+)+$" |
      When "note" is set to "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"
      Then it is refused as invalid, saying "must match pattern"
      And "note" still holds "a" at version 1

  @T @T.3
  Rule: A text must be one of its allowed values

    Example: A text in the list of allowed values is accepted
      Given a string variable "level" holding "low" with:
        | enum            |
        | ["low", "high"] |
      When "level" is set to "high"
      Then "level" holds "high" at version 2

    Scenario Outline: The text <value> outside the list of allowed values is refused
      Given a string variable "level" holding "low" with:
        | enum                 |
        | ["low", "high", "é"] |
      When "level" is set to <value>
      Then it is refused as invalid, saying "must be one of"
      And "level" still holds "low" at version 1

      Examples:
        | value         |
        | "LOW"         |
        | "low "        |
        | "lo"          |
        | ""            |
        | "e\u0301"     |
        | "constructor" |

  @K4 @K4.4
  Rule: A refusal names every constraint that is violated

    Example: A text that is too short and does not match its pattern is refused for both reasons
      Given a string variable "code" holding "AB12" with:
        | min_length | pattern       |
        | 3          | "^[A-Z0-9]+$" |
      When "code" is set to "a"
      Then it is refused as invalid, saying "must be at least 3 characters"
      And the refusal also says "must match pattern"
      And "code" still holds "AB12" at version 1

    Scenario Outline: In a batch, the error of a variable says "<because>" among its reasons
      Given a string variable "code" holding "AB12" with:
        | min_length | pattern       | enum     |
        | 3          | "^[A-Z0-9]+$" | ["AB12"] |
      When these are set in a non-atomic batch:
        | name | value |
        | code | "a"   |
      Then the batch fails for:
        | name | because   |
        | code | <because> |
      And "code" still holds "AB12" at version 1

      Examples:
        | because                       |
        | must be at least 3 characters |
        | must match pattern            |
        | must be one of                |

  @S7 @S7.4
  Rule: A refusal reaches every client, however long the pattern is

    Example: A text that does not match a pattern of 3,000 percent signs is refused as invalid
      Given a string variable "note" holding a text of 3000 characters "%" with:
        | pattern                       | min_length |
        | a text of 3000 characters "%" | 3000       |
      When "note" is set to "a"
      Then it is refused as invalid, saying "must match pattern"
      And the refusal also says "must be at least 3000 characters"
      And "note" still holds a text of 3000 characters "%" at version 1

  @T @K4 @T.5 @K4.2
  Rule: The length of a text is the number of its characters, as Unicode counts them
    An emoji is one character, and an é is one or two, depending on how it was typed.

    Scenario Outline: The text <value> has two characters
      Given a string variable "code" holding "ab" with:
        | min_length | max_length |
        | 2          | 2          |
      When "code" is set to <value>
      Then "code" holds <value> at version 2

      Examples:
        | value          |
        | "e\u0301"      |
        | "\r\n"         |
        | "\ufeffx"      |
        | "\u0000\u0000" |
        | "👍🏽"         |
        | "🇩🇪"           |

    Scenario Outline: The text <value> does not have two characters
      Given a string variable "code" holding "ab" with:
        | min_length | max_length |
        | 2          | 2          |
      When "code" is set to <value>
      Then it is refused as invalid, saying "<because>"
      And "code" still holds "ab" at version 1

      Examples:
        | value           | because                       |
        | "é"             | must be at least 2 characters |
        | "🚀"            | must be at least 2 characters |
        | "e\u0301\u0301" | must be at most 2 characters  |
        | "👩‍👩"          | must be at most 2 characters  |
        | "a\u200bb"      | must be at most 2 characters  |

  @K2 @K2.2
  Rule: A pattern has the meaning that it has in RE2

    Scenario Outline: The pattern <pattern> matches <value>
      Given a string variable "note" holding <first> with:
        | pattern   |
        | <pattern> |
      When "note" is set to <value>
      Then "note" holds <value> at version 2

      Examples: flags
        | pattern         | first    | value     |
        | "(?i)^abc$"     | "abc"    | "aBC"     |
        | "^(?i)straße$"  | "straße" | "STRAßE"  |
        | "(?i)^é$"       | "é"      | "É"       |
        | "(?s)^a.b$"     | "a.b"    | "a\nb"    |
        | "(?m)^b$"       | "b"      | "a\nb\nc" |
        | "^(?:a(?i)b)c$" | "abc"    | "aBc"     |
        | "(?U)^a+$"      | "aa"     | "aaa"     |

      Examples: classes
        | pattern          | first | value      |
        | "^[[:alpha:]]+$" | "abc" | "xyz"      |
        | "^[[:^digit:]]$" | "a"   | "é"        |
        | "^\\pL+$"        | "abc" | "éß東"      |
        | "^\\p{Greek}$"   | "α"   | "Ω"        |
        | "^\\PN$"         | "a"   | "🚀"        |
        | "^\\W$"          | "!"   | "é"        |
        | "^\\D$"          | "a"   | "\u0661"   |
        | "^\\S$"          | "a"   | "\u00a0"   |
        | "^[^a]$"         | "b"   | "\n"       |
        | "^.$"            | "b"   | "🚀"        |
        | "^a.b$"          | "axb" | "a\rb"     |
        | "^a.b$"          | "axb" | "a\u2028b" |
        | "^[]a]$"         | "a"   | "]"        |
        | "^\\x{1F680}$"   | "🚀"   | "🚀"        |
        | "^\\Qa.b\\E$"    | "a.b" | "a.b"      |
        | "e\u0301\|x"     | "x"   | "e\u0301"  |
        | "^[a&&b]$"       | "a"   | "&"        |
        | "^[a~~b]$"       | "a"   | "~"        |
        | "^[[a]]$"        | "a]"  | "[]"       |

      Examples: signs that stand for themselves
        | pattern                | first    | value    |
        | "^a{,2}$"              | "a{,2}"  | "a{,2}"  |
        | "^a{x}$"               | "a{x}"   | "a{x}"   |
        | "^\\d\\-\\d\\@\\d\\:$" | "1-2@3:" | "4-5@6:" |

      Examples: the ends of a text
        | pattern            | first  | value     |
        | "\\Aa.*b\\z"       | "ab"   | "axb"     |
        | "b\\b"             | "b"    | "ab c"    |
        | "^b\\b"            | "b"    | "bé"      |
        | "^$"               | ""     | ""        |
        | "(?P<year>\\d{4})" | "2024" | "in 2025" |

    Scenario Outline: The pattern <pattern> does not match <value>
      Given a string variable "note" holding <first> with:
        | pattern   |
        | <pattern> |
      When "note" is set to <value>
      Then it is refused as invalid, saying "must match pattern"
      And "note" still holds <first> at version 1

      Examples: the ends of a text
        | pattern   | first | value      |
        | "^a$"     | "a"   | "a\n"      |
        | "^b$"     | "b"   | "a\nb"     |
        | "^a\\z"   | "a"   | "a\n"      |
        | "^a.b$"   | "axb" | "a\nb"     |
        | "(?m)^b$" | "b"   | "a\rb"     |
        | "(?m)^b$" | "b"   | "b\u2028a" |
        | "\\bb\\b" | "b"   | "ab"       |

      Examples: classes of ASCII
        | pattern         | first | value      |
        | "^\\d$"         | "1"   | "\u0661"   |
        | "^[\\d.]+$"     | "1.5" | "\u0661"   |
        | "^[\\w-]+$"     | "a-b" | "é"        |
        | "^\\w+$"        | "ab"  | "é"        |
        | "^a\\sb$"       | "a b" | "a\u00a0b" |
        | "^a\\sb$"       | "a b" | "a\u000bb" |
        | "^[[:upper:]]$" | "A"   | "É"        |
        | "^[a-z]$"       | "a"   | "A"        |
        | "^[[:punct:]]$" | "!"   | "a"        |

      Examples: case and form
        | pattern     | first | value     |
        | "^abc$"     | "abc" | "Abc"     |
        | "^(?i:a)b$" | "ab"  | "aB"      |
        | "^é$"       | "é"   | "e\u0301" |
        | "^..$"      | "ab"  | "🚀"      |

    Scenario Outline: The pattern <pattern>, which is not of RE2, is refused
      When "note" is registered as a string holding "a", under the constraints {"pattern": <pattern>}
      Then it is refused as invalid, saying "Invalid constraints"
      And there is no variable "note"

      Examples:
        | pattern         |
        | "(?!b)a"        |
        | "(?<=a)b"       |
        | "(?>a)"         |
        | "a++"           |
        | "\\Za"          |
        | "a\\h"          |
        | "a\\R"          |
        | "a\\X"          |
        | "a\\Kb"         |
        | "(?#c)a"        |
        | "(?\|a)"        |
        | "a(?R)?"        |
        | "\\u0061"       |
        | "(?P=name)"     |
        | "a{1001}"       |
        | "*a"            |
        | "a\\"           |
        | "\\p{Klingon}"  |
        | "[[:letters:]]" |
        | "(?x)a"         |
        | "a**"           |
        | "a{2}*"         |
        | "a{2}{3}"       |
        | "(a{100}){100}" |
