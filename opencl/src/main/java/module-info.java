/// OpenCL devices for the engine.
module dev.gatun.opencl {
  requires dev.gatun.bindings;
  requires transitive dev.gatun.engine;
  requires static org.jspecify;
  requires static org.lwjgl;
  requires static org.lwjgl.opencl;

  exports dev.gatun.opencl;
  exports dev.gatun.opencl.lwjgl;

  provides dev.gatun.device.DeviceProvider with
      dev.gatun.opencl.OpenClProvider;
}
