package dev.gatun.opencl;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceProvider;
import java.util.List;
import java.util.stream.IntStream;

/// Offers OpenCL devices as `opencl:0`, `opencl:1`, ..., GPUs first.
public final class OpenClProvider implements DeviceProvider {
  /// For [java.util.ServiceLoader].
  public OpenClProvider() {}

  @Override
  public String kind() {
    return "opencl";
  }

  @Override
  public List<String> names() {
    return IntStream.range(0, Found.all().size()).mapToObj(i -> "opencl:" + i).toList();
  }

  /// Also takes a part of the device's or its driver's name: `opencl:pocl`.
  @Override
  public Device open(String name) {
    String which = name.equals("opencl") ? "0" : name.substring(name.indexOf(':') + 1);
    return OpenClDevice.open(OpenClDevice.Options.standard().withDevice(which));
  }
}
