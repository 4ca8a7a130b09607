// Makes the changes that standard input names to the row of `.ci/sorted.h` and to a std::set, and prints the
// first one after which they differ.

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <set>
#include <utility>

#include "sorted.h"

using Cell = std::pair<int32_t, uint32_t>;

static SortedRow<Cell> row;
static std::set<Cell> tree;

// The last one is asked for after each change, all others only by `?`: what is not asked for may move nothing.
static bool same_end() {
    return row.size() == tree.size() && row.empty() == tree.empty() &&
           (tree.empty() || *row.rbegin() == *tree.rbegin());
}

static bool same(Cell cell) {
    return std::equal(row.begin(), row.end(), tree.begin(), tree.end()) &&
           row.upper_bound(cell) - row.begin() == std::distance(tree.begin(), tree.upper_bound(cell));
}

static bool changed(char change, Cell cell) {
    if (change == '-') return row.erase(cell) == tree.erase(cell);
    if (change == '+') row.insert(cell), tree.insert(cell);
    if (change == '0') row.clear(), tree.clear();
    return change != '?' || same(cell);
}

int main() {
    char change;
    Cell cell;
    for (int line = 1; std::cin >> change >> cell.first >> cell.second; ++line)
        if (!changed(change, cell) || !same_end()) {
            std::cout << "line " << line << ": " << change << " " << cell.first << " " << cell.second;
            return 1;
        }
}
