"""From the dialect cutlang to adl: the same meaning in other words, or a reason why there is none."""
