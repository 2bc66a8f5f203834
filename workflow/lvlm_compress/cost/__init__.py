"""What a grid will cost, estimated before it is submitted."""
