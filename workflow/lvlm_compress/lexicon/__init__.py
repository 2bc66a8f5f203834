"""Words that a model's own answers associate with a social group."""
