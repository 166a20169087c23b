"""From a checked analysis to a program: masks, missing values, components of particles."""
