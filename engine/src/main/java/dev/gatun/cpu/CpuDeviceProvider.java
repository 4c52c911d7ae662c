package dev.gatun.cpu;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceProvider;
import java.util.List;

/// Offers the host's processor as `cpu`.
public final class CpuDeviceProvider implements DeviceProvider {
  /// For [java.util.ServiceLoader].
  public CpuDeviceProvider() {}

  @Override
  public String kind() {
    return "cpu";
  }

  @Override
  public List<String> names() {
    return List.of("cpu");
  }

  @Override
  public Device open(String name) {
    if (!name.equals("cpu")) {
      throw new IllegalArgumentException("CpuDeviceProvider: the device must be cpu; got " + name);
    }
    return CpuDevice.open();
  }
}
