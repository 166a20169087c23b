"""What a run cost: measured by ``meter``, put together by ``metrics``, judged by ``verdict``."""
