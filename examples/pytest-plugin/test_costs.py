"""No stop gets slower: this build beside another, or this setting beside the preset's."""


def test_no_stop_gets_slower(stops_costs):
    stops_costs().assert_no_stop_slower()
