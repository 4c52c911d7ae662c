/// The host processor as a device: slabs of native memory and vector kernels.
package dev.gatun.cpu;
