/// What runs kernels: devices, their buffers, their threads and the trace of their calls.
package dev.gatun.device;
