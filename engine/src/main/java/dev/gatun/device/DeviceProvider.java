package dev.gatun.device;

import java.util.List;
import java.util.ServiceLoader;

/// Finds and opens the devices of one kind; found by [ServiceLoader].
public interface DeviceProvider {
  /// The kind: `cpu`, `opencl`.
  String kind();

  /// Names that [#open] takes on this machine, best first; empty where there is no such device.
  List<String> names();

  /// Opens the device called `name`, one of [#names] or the kind itself for the best one.
  ///
  /// @throws IllegalArgumentException if there is no such device
  Device open(String name);

  /// Opens `name` (`cpu`, `opencl:0`) with whichever provider has its kind.
  ///
  /// @throws IllegalArgumentException if no provider on this module or class path has that kind
  static Device openAny(String name) {
    String kind = name.replaceFirst(":.*", "");
    List<DeviceProvider> all =
        ServiceLoader.load(DeviceProvider.class).stream().map(ServiceLoader.Provider::get).toList();
    return all.stream()
        .filter(p -> p.kind().equals(kind))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "DeviceProvider: the device must be of a kind in %s; got %s"
                    .formatted(all.stream().map(DeviceProvider::kind).toList(), name)))
        .open(name);
  }
}
