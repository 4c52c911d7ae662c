/// Exact attention in all its forms, and what positions and caches need of it.
package dev.gatun.op.sequence.attention;
