"""Running an analysis: inputs, execution, results and the files they are written to."""
