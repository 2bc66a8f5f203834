"""HallusionBench: paired questions that tell language hallucination from visual illusion."""
