/// Blocks whose memory of the past is a scan: constant in size, by steps or a sequence at once.
package dev.gatun.nn.scan;
