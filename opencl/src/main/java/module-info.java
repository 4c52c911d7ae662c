/// OpenCL devices for the engine.
module dev.gatun.opencl {
  requires dev.gatun.bindings;
  requires transitive dev.gatun.engine;
  requires static org.jspecify;

  exports dev.gatun.opencl;

  provides dev.gatun.device.DeviceProvider with
      dev.gatun.opencl.OpenClProvider;
}
