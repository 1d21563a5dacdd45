module @integer_shifts_and_bits attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<8xi32>, %arg1: tensor<8xui32>, %arg2: tensor<8xui32>) -> (tensor<8xi32>, tensor<8xi32>, tensor<8xui32>, tensor<8xui32>, tensor<8xui32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xui32>) {
    %0 = stablehlo.convert %arg2 : (tensor<8xui32>) -> tensor<8xi32>
    %1 = stablehlo.shift_left %arg0, %0 : tensor<8xi32>
    %2 = stablehlo.shift_right_arithmetic %arg0, %0 : tensor<8xi32>
    %3 = stablehlo.shift_right_logical %arg1, %arg2 : tensor<8xui32>
    %4 = stablehlo.popcnt %arg1 : tensor<8xui32>
    %5 = stablehlo.count_leading_zeros %arg1 : tensor<8xui32>
    %6 = stablehlo.and %arg0, %0 : tensor<8xi32>
    %7 = stablehlo.or %arg0, %0 : tensor<8xi32>
    %8 = stablehlo.xor %arg0, %0 : tensor<8xi32>
    %9 = stablehlo.not %arg1 : tensor<8xui32>
    return %1, %2, %3, %4, %5, %6, %7, %8, %9 : tensor<8xi32>, tensor<8xi32>, tensor<8xui32>, tensor<8xui32>, tensor<8xui32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xui32>
  }
}
