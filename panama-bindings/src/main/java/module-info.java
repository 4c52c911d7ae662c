/**
 * C interfaces as jextract sees them, no policy: OpenCL 3.0, the allocator's libc calls, and CBLAS
 * for benchmarks.
 */
module dev.gatun.bindings {
  exports dev.gatun.bindings;
  exports dev.gatun.bindings.cblas;
  exports dev.gatun.bindings.libc;
  exports dev.gatun.bindings.opencl;
}
