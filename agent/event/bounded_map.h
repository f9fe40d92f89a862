// SPDX-License-Identifier: Apache-2.0
// A hash map that forgets what was not used for longest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace aspis {

/// At most `capacity` entries (at least one). References stay valid until their entry is erased or
/// evicted, which only insert() does.
template <class Key, class Value, class Hash = std::hash<Key>>
class BoundedMap {
 public:
  explicit BoundedMap(std::size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {
    index_.reserve(capacity_ < 65536 ? capacity_ : 65536);
  }

  /// The value, now the last to be evicted; null if there is none.
  Value* find(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &found->second->second;
  }

  /// Puts `value` in place of what was there. The oldest entry goes if there is no room.
  Value& insert(const Key& key, Value value) {
    if (Value* old = find(key); old != nullptr) return *old = std::move(value);
    if (index_.size() >= capacity_) {
      index_.erase(order_.back().first);
      order_.pop_back();
      ++evictions_;
    }
    order_.emplace_front(key, std::move(value));
    index_.emplace(key, order_.begin());
    return order_.front().second;
  }

  void erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    order_.erase(found->second);
    index_.erase(found);
  }

  /// Calls visit(key, value) for every entry, most recently used first.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [key, value] : order_) visit(key, value);
  }

  [[nodiscard]] std::size_t size() const { return index_.size(); }
  /// Entries that had to go for lack of room.
  [[nodiscard]] std::uint64_t evictions() const { return evictions_; }

 private:
  using Order = std::list<std::pair<Key, Value>>;
  std::size_t capacity_;
  std::uint64_t evictions_ = 0;
  Order order_;  // most recently used first
  std::unordered_map<Key, typename Order::iterator, Hash> index_;
};

}  // namespace aspis
