@soak @requires_process @requires_standard_tools
Feature: Long runs
  A bridge that runs for weeks gives back what sessions, watches, tools and connections took, and answers as
  fast at the end as in the beginning. Mixed traffic: four clients open a session each second, use all that there
  is in it, and clean it up, or leave it to its time to live; two more read and write without a pause from
  beginning to end. A figure has risen where its trend has: the line along the median of all slopes between its
  values, of which a bad moment is a few.

  @S4 @S5 @W9 @X3
  Rule: What clients took is given back

    Scenario Outline: Two minutes at <a bridge>
      Given <a bridge>, with the flags "--watch-log-limit 1000"
      When 2 minutes of mixed traffic have passed
      Then after the first quarter, none of these has risen by more than:
        | figure     | rise |
        | memory     | 5%   |
        | open files | 5%   |
        | threads    | 5%   |
        | processes  | 5%   |

      Examples: In memory
        | a bridge     |
        | a new bridge |

      @requires_durable
      Examples: On disk
        | a bridge                           |
        | a new bridge with a data directory |

    Scenario Outline: An hour at <a bridge>
      Given <a bridge>, with the flags "--watch-log-limit 1000"
      When 60 minutes of mixed traffic have passed
      Then after the first quarter, none of these has risen by more than:
        | figure          | rise |
        | memory          | 5%   |
        | open files      | 5%   |
        | threads         | 5%   |
        | processes       | 5%   |
        | median of reads | 25%  |
        | p99 of reads    | 50%  |

      Examples: In memory
        | a bridge     |
        | a new bridge |

      @requires_durable
      Examples: On disk
        | a bridge                           |
        | a new bridge with a data directory |
