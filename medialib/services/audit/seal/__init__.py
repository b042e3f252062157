"""The seals over the audit log: Merkle roots, signatures, anchors, verification, pruning."""
