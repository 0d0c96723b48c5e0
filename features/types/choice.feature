@types
Feature: Choice variables
  A choice is one of the texts that its registration lists.

  @T @T.8
  Rule: Every listed choice is accepted

    Scenario Outline: The listed choice <value> is accepted
      Given a choice variable "model" holding "gpt-4" with:
        | choices                           |
        | ["gpt-4", "mistral", "llama", ""] |
      When "model" is set to <value>
      Then "model" holds <value> at version 2

      Examples:
        | value     |
        | "mistral" |
        | "gpt-4"   |
        | ""        |

    Example: A choice may be a text of 301 characters
      Given a choice variable "prompt" with 2 choices a name of 300 characters
      When "prompt" is read
      Then "prompt" is at version 1

    Example: The last of 50,000 choices is accepted
      Given a choice variable "model" with 50000 choices "model-"
      When "model" is set to "model-49999"
      Then "model" holds "model-49999" at version 2

    @V1 @V1.1
    Example: A choice may be written with escapes
      Given a choice variable "model" holding "gpt-4" with:
        | choices                      |
        | ["gpt-4", "é/1", "llama 🚀"] |
      When "model" is set to the text `"\u00e9\/1"`
      Then "model" holds "é/1" at version 2

  @T @T.3 @T.8
  Rule: Values that are not listed are refused

    Scenario Outline: A choice variable refuses <value>, which is not listed
      Given a choice variable "model" holding "gpt-4" with:
        | choices                    |
        | ["gpt-4", "mistral", "42"] |
      When "model" is set to <value>
      Then it is refused as invalid, saying "must be one of"
      And "model" still holds "gpt-4" at version 1

      Examples: other texts
        | value         |
        | "gpt-5"       |
        | "GPT-4"       |
        | "gpt-4 "      |
        | "gpt"         |
        | ""            |
        | "constructor" |
        | "__proto__"   |

      Examples: other types
        | value     |
        | 42        |
        | null      |
        | true      |
        | ["gpt-4"] |

    Example: A choice variable cannot be registered with a value that is not listed
      When "model" is registered as a choice holding "gpt-5", under the constraints {"choices": ["gpt-4", "mistral"]}
      Then it is refused as invalid, saying "must be one of"
      And there is no variable "model"

  @T @T.8
  Rule: Texts that only look alike are different choices
    An é may be written as one character, or as an e and an accent.

    Scenario Outline: The text <value> is not the choice "é"
      Given a choice variable "mode" holding "é" with:
        | choices               |
        | ["é", "x y", "plain"] |
      When "mode" is set to <value>
      Then it is refused as invalid, saying "must be one of"
      And "mode" still holds "é" at version 1

      Examples:
        | value     |
        | "e\u0301" |
        | "É"       |
        | "e"       |
        | "é "      |
        | "\ufeffé" |
        | "x  y"    |
        | "Plain"   |
        | "plain\n" |
        | ""        |

  @S7 @S7.4
  Rule: A refusal reaches every client, however many choices there are

    Scenario Outline: A value that is none of <count> choices is refused as invalid
      Given a choice variable "model" with <count> choices "a-model-with-a-rather-long-name-"
      When "model" is set to "gpt-5"
      Then it is refused as invalid, saying "must be one of"
      And "model" still holds "a-model-with-a-rather-long-name-0" at version 1

      Examples:
        | count |
        | 10    |
        | 1000  |
        | 50000 |

    Example: A value of 20,000 characters that is none of the choices is refused as invalid
      Given a choice variable "model" holding "gpt-4" with:
        | choices              |
        | ["gpt-4", "mistral"] |
      When "model" is set to a text of 20000 characters
      Then it is refused as invalid, saying "must be one of"
      And "model" still holds "gpt-4" at version 1
