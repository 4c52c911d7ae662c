/// The OpenCL device. Not there yet: see [dev.gatun.opencl.OpenCl#STATUS].
package dev.gatun.opencl;
