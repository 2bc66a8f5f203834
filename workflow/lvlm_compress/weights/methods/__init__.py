"""One module a weight quantization method: what it does to the weights before they are rounded."""
