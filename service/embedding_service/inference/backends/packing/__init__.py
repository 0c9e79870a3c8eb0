"""A forward without padding: all texts of a batch are one run of tokens.

Linears see tokens only, attention stays inside each text, pooling is ragged. What is here computes;
`packed` puts it together, and judges it before it serves.
"""
