@soak @requires_process @requires_standard_tools @requires_current_fields
Feature: Long runs
  A bridge that runs for weeks releases what sessions, watches, tools and connections took, and its latency does not
  grow. In mixed traffic, four clients open a session each second, use every kind of call in it, and clean it up or
  leave it to its time to live, while two others read and write without a pause. The rise of a figure is that of its
  trend, the line along the median of the slopes between its values, so that a few outliers do not count.

  @S4 @S5 @W9 @X3
  Rule: A bridge releases the resources that its clients used

    Scenario Outline: Two minutes of mixed traffic leave no resources behind at <a bridge>
      Given <a bridge>, with the flags "--watch-log-limit 1000"
      When clients send mixed traffic for 2 minutes
      Then after the first quarter, these figures rise by no more than:
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

    Scenario Outline: An hour of mixed traffic leaves no resources behind at <a bridge>
      Given <a bridge>, with the flags "--watch-log-limit 1000"
      When clients send mixed traffic for 60 minutes
      Then after the first quarter, these figures rise by no more than:
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
