/// OpenCL devices for the engine.
module dev.gatun.opencl {
  requires dev.gatun.bindings;
  requires transitive dev.gatun.engine;

  exports dev.gatun.opencl;
}
