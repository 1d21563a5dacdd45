module @f64_transcendental attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16xf64>) -> (tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xf64>) {
    %0 = stablehlo.exponential %arg0 : tensor<16xf64>
    %1 = stablehlo.log %arg0 : tensor<16xf64>
    %2 = stablehlo.tanh %arg0 : tensor<16xf64>
    %3 = stablehlo.sine %arg0 : tensor<16xf64>
    %4 = stablehlo.rsqrt %arg0 : tensor<16xf64>
    return %0, %1, %2, %3, %4 : tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xf64>
  }
}
