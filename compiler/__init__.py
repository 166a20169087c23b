"""From a checked analysis to machine code: IR, passes, schedule, emission, targets."""
