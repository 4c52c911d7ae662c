package dev.gatun.opencl;

import java.nio.file.Path;
import java.util.Optional;

/// The device that tests run on: the first one, or that of the system property
/// `gatun.opencl.device`; with `gatun.opencl.gpu` its kernels have the shape for a GPU or not; with
/// `gatun.opencl.checked` buffers have the sizes asked for and programs are built from source, as a
/// simulator wants it.
final class TestDevice {
  private TestDevice() {}

  /// False where this machine has no device, unless `gatun.opencl.required` says that it must.
  static boolean isThere() {
    Optional<String> missing = OpenClDevice.missing();
    if (missing.isPresent() && Boolean.getBoolean("gatun.opencl.required")) {
      throw new IllegalStateException(missing.get());
    }
    return missing.isEmpty();
  }

  static OpenClDevice.Options options() {
    OpenClDevice.Options o =
        OpenClDevice.Options.standard()
            .withDevice(System.getProperty("gatun.opencl.device", "0"))
            .withCache(Optional.of(Path.of("target", "opencl-cache")));
    if (Boolean.getBoolean("gatun.opencl.checked")) {
      o = o.withExactBuffers().withCache(Optional.empty());
    }
    String gpu = System.getProperty("gatun.opencl.gpu");
    return gpu == null ? o : o.withGpuKernels(Boolean.parseBoolean(gpu));
  }

  static OpenClDevice open(int computeUnits) {
    return OpenClDevice.open(options().withComputeUnits(computeUnits));
  }
}
