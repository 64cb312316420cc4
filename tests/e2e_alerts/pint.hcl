# What is no mistake here.

# Rules of one window are a group with an interval of its own; a few seconds between groups do not matter.
checks {
  disabled = ["rule/dependency"]
}

# It always fires: whoever receives it notices when it does not.
rule {
  match {
    kind = "alerting"
    name = "Watchdog"
  }
  disable = ["alerts/comparison"]
}

# Looked at over days; it is asked for with max_over_time, which does not mind gaps.
rule {
  match {
    kind = "recording"
    name = "active_users:register:max1h"
  }
  disable = ["group/interval"]
}

# The estimate divides by what is never 0.
rule {
  match {
    kind = "recording"
    name = "daily_active_users"
  }
  disable = ["promql/nan"]
}
