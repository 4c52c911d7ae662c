/// Benchmarks: ops and products against other libraries and against the machine's limits.
package dev.gatun.jmh;
