/// The OpenCL device: [dev.gatun.opencl.OpenClDevice] over the generated bindings.
@NullMarked
package dev.gatun.opencl;

import org.jspecify.annotations.NullMarked;
