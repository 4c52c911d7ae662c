/// Vector loops and functions: with the `*Simd` classes beside their ops the only code that names
/// the Vector API. Not exported.
package dev.gatun.cpu.simd;
