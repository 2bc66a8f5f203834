"""Weight quantization of the decoder's linear layers, its calibration and its packed store."""
