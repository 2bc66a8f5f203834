"""The paper's conclusions, put to the test on a grid."""
