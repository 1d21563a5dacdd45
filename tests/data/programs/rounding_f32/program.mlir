module @rounding_f32 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<9xf32>) -> (tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>) {
    %0 = stablehlo.floor %arg0 : tensor<9xf32>
    %1 = stablehlo.ceil %arg0 : tensor<9xf32>
    %2 = call @round(%arg0) : (tensor<9xf32>) -> tensor<9xf32>
    %3 = stablehlo.round_nearest_afz %arg0 : tensor<9xf32>
    %4 = stablehlo.sign %arg0 : tensor<9xf32>
    %cst = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %6 = chlo.next_after %arg0, %5 : tensor<9xf32>, tensor<9xf32> -> tensor<9xf32>
    return %0, %1, %2, %3, %4, %6 : tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>
  }
  func.func private @round(%arg0: tensor<9xf32>) -> tensor<9xf32> {
    %0 = stablehlo.round_nearest_even %arg0 : tensor<9xf32>
    return %0 : tensor<9xf32>
  }
}
