/// Scans: linear recurrences along an axis by associative combiners, in parallel where that pays.
package dev.gatun.op.sequence.scan;
