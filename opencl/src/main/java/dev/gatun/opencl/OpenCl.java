package dev.gatun.opencl;

/// What this module can do so far, in the words the command line prints.
public final class OpenCl {
  /// No device is provided; everything runs on the CPU device of the engine.
  public static final String STATUS =
      "OpenCL: the bindings are there, a device is not; every op runs on the CPU.";

  private OpenCl() {}
}
