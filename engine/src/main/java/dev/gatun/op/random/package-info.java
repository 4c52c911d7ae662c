/// Numbers that depend on a seed and an index only, so on no device and no thread count.
package dev.gatun.op.random;
