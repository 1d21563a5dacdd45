module @f16_transcendental attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16xf16>) -> (tensor<16xf16>, tensor<16xf16>, tensor<16xf16>, tensor<16xf16>, tensor<16xf16>) {
    %0 = stablehlo.exponential %arg0 : tensor<16xf16>
    %1 = stablehlo.log %arg0 : tensor<16xf16>
    %2 = stablehlo.tanh %arg0 : tensor<16xf16>
    %3 = stablehlo.sine %arg0 : tensor<16xf16>
    %4 = stablehlo.rsqrt %arg0 : tensor<16xf16>
    return %0, %1, %2, %3, %4 : tensor<16xf16>, tensor<16xf16>, tensor<16xf16>, tensor<16xf16>, tensor<16xf16>
  }
}
